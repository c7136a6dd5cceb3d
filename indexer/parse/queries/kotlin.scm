(class_declaration (type_identifier) @name) @class
(class_declaration "interface" (type_identifier) @name) @interface
(class_declaration "enum" (type_identifier) @name) @enum
(object_declaration (type_identifier) @name) @class
(companion_object (type_identifier) @name) @class
(function_declaration (simple_identifier) @name (function_body)? @body) @function
(function_declaration (receiver_type) @owner (simple_identifier) @name) @function
(secondary_constructor "constructor" @name) @method
(source_file (property_declaration (variable_declaration (simple_identifier) @name)) @constant)
(class_body (property_declaration (variable_declaration (simple_identifier) @name)) @field)
(class_parameter (binding_pattern_kind) (simple_identifier) @name) @field
(enum_entry (simple_identifier) @name) @constant
(type_alias (type_identifier) @name) @type
(import_header (identifier) @import)
(string_literal) @string
