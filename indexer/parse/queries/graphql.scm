(object_type_definition (name) @name) @struct
(input_object_type_definition (name) @name) @struct
(interface_type_definition (name) @name) @interface
(enum_type_definition (name) @name) @enum
(enum_value (name) @name) @constant
(union_type_definition (name) @name) @type
(scalar_type_definition (name) @name) @type
(object_type_extension (name) @name) @scope
(fields_definition (field_definition (name) @name) @field)
(operation_definition (name) @name) @function
(fragment_definition (fragment_name (name) @name)) @function
