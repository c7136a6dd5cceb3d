(class_declaration name: (_) @name) @class
(interface_declaration name: (_) @name) @interface
(trait_declaration name: (_) @name) @trait
(enum_declaration name: (_) @name) @enum
(enum_case name: (_) @name) @constant
(function_definition name: (_) @name) @function
(method_declaration name: (_) @name) @method
(property_declaration (property_element name: (_) @name)) @field
(property_promotion_parameter name: (_) @name) @field
(const_declaration (const_element (name) @name)) @constant
(namespace_use_declaration) @import
[(string) (encapsed_string) (heredoc)] @string
