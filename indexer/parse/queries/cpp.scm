(namespace_definition name: (_) @name body: (_) @body) @scope
(class_specifier name: (_) @name body: (_) @body) @class
(struct_specifier name: (_) @name body: (_) @body) @struct
(union_specifier name: (_) @name body: (_) @body) @struct
(enum_specifier name: (_) @name body: (_) @body) @enum
(enumerator name: (_) @name) @constant
(function_definition declarator: (function_declarator declarator: (_) @name)) @function
(function_definition declarator: (_ (function_declarator declarator: (_) @name))) @function
(function_definition declarator: (_ (_ (function_declarator declarator: (_) @name)))) @function
(function_definition declarator: (operator_cast) @name) @function
(declaration declarator: (function_declarator declarator: (_) @name)) @function
(declaration declarator: (_ (function_declarator declarator: (identifier) @name))) @function
(field_declaration declarator: (function_declarator declarator: (_) @name)) @method
(field_declaration declarator: (_ (function_declarator declarator: (_) @name))) @method
(field_declaration (type_qualifier) declarator: (field_identifier) @name default_value: (_)) @constant
(declaration declarator: (init_declarator declarator: (identifier) @name)) @constant
(declaration declarator: (init_declarator declarator: (_ declarator: (identifier) @name))) @constant
(template_declaration parameters: (_) @decorator)
(concept_definition name: (_) @name) @type
(alias_declaration name: (_) @name) @type
(type_definition declarator: (type_identifier) @name) @type
(preproc_def name: (_) @name value: (_)) @constant
(preproc_function_def name: (_) @name) @function
(preproc_include path: (_) @import)
[(string_literal) (raw_string_literal)] @string
