(class_interface . (identifier) @name) @interface
(class_implementation . (identifier) @name) @class
(protocol_declaration . (identifier) @name) @interface
(method_declaration (method_type) . (identifier) @name) @method
(method_definition (method_type) . (identifier) @name (compound_statement) @body) @method
(property_declaration (struct_declaration (struct_declarator [(identifier) (pointer_declarator)] @name))) @field
(function_definition declarator: (function_declarator declarator: (_) @name) body: (_) @body) @function
(function_definition declarator: (_ declarator: (function_declarator declarator: (_) @name)) body: (_) @body) @function
(declaration declarator: (init_declarator declarator: (identifier) @name)) @constant
(declaration declarator: (init_declarator declarator: (_ declarator: (identifier) @name))) @constant
(struct_specifier name: (_) @name body: (_) @body) @struct
(enum_specifier name: (_) @name body: (_) @body) @enum
(enumerator name: (_) @name) @constant
(type_definition declarator: (type_identifier) @name) @type
(preproc_def name: (_) @name value: (_)) @constant
(preproc_function_def name: (_) @name) @function
(preproc_include path: (_) @import)
(string_literal) @string
