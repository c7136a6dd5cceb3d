(class_declaration name: (type_identifier) @name body: (_) @body) @class
(class_declaration "struct" name: (type_identifier) @name body: (_) @body) @struct
(class_declaration "enum" name: (type_identifier) @name body: (_) @body) @enum
(class_declaration "extension" name: (_) @name body: (_) @body) @scope
(protocol_declaration name: (_) @name body: (_) @body) @interface
(function_declaration name: (simple_identifier) @name) @function
(function_declaration name: (simple_identifier) @name body: (_) @body) @function
(protocol_function_declaration name: (simple_identifier) @name) @method
(protocol_property_declaration name: (pattern bound_identifier: (_) @name)) @field
(init_declaration "init" @name) @method
(deinit_declaration "deinit" @name) @method
(subscript_declaration "subscript" @name) @method
(enum_entry name: (simple_identifier) @name) @constant
(typealias_declaration name: (type_identifier) @name) @type
(source_file (property_declaration name: (pattern bound_identifier: (_) @name)) @constant)
(class_body (property_declaration name: (pattern bound_identifier: (_) @name)) @field)
(import_declaration (identifier) @import)
[(line_string_literal) (multi_line_string_literal) (raw_string_literal)] @string
