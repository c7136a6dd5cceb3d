(class_declaration name: (identifier) @name) @class
(class_declaration "interface" name: (identifier) @name) @interface
(class_declaration (modifiers (class_modifier "enum")) name: (identifier) @name) @enum
(object_declaration name: (identifier) @name) @class
(companion_object name: (identifier) @name) @class
(function_declaration name: (identifier) @name (function_body)? @body) @function
(function_declaration (user_type) @owner . name: (identifier) @name) @function
(secondary_constructor "constructor" @name) @method
(source_file (property_declaration (variable_declaration (identifier) @name)) @constant)
(class_body (property_declaration (variable_declaration (identifier) @name)) @field)
(class_parameter ["val" "var"] (identifier) @name) @field
(enum_entry (identifier) @name) @constant
(type_alias type: (identifier) @name) @type
(import (qualified_identifier) @import)
(string_literal) @string
