(function_definition declarator: (function_declarator declarator: (_) @name) body: (_) @body) @function
(function_definition declarator: (_ declarator: (function_declarator declarator: (_) @name)) body: (_) @body) @function
(function_definition declarator: (_ declarator: (_ declarator: (function_declarator declarator: (_) @name))) body: (_) @body) @function
(declaration declarator: (function_declarator declarator: (identifier) @name)) @function
(declaration declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier) @name))) @function
(declaration declarator: (init_declarator declarator: (identifier) @name)) @constant
(declaration declarator: (init_declarator declarator: (_ declarator: (identifier) @name))) @constant
(struct_specifier name: (_) @name body: (_) @body) @struct
(union_specifier name: (_) @name body: (_) @body) @struct
(enum_specifier name: (_) @name body: (_) @body) @enum
(enumerator name: (_) @name) @constant
(type_definition declarator: (type_identifier) @name) @type
(type_definition declarator: (function_declarator declarator: (parenthesized_declarator (pointer_declarator declarator: (_) @name)))) @type
(preproc_def name: (_) @name value: (_)) @constant
(preproc_function_def name: (_) @name) @function
(preproc_include path: (_) @import)
(string_literal) @string
