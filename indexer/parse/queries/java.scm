; @name is the defined name, the other capture of its pattern the definition and its kind.
; Of patterns that meet on one name, the later decides the kind and the widest the lines.
(class_declaration name: (_) @name body: (_) @body) @class
(interface_declaration name: (_) @name body: (_) @body) @interface
(enum_declaration name: (_) @name body: (_) @body) @enum
(record_declaration name: (_) @name body: (_) @body) @class
(annotation_type_declaration name: (_) @name body: (_) @body) @interface
(method_declaration name: (_) @name) @method
(constructor_declaration name: (_) @name) @method
(annotation_type_element_declaration name: (_) @name) @method
(field_declaration declarator: (variable_declarator name: (_) @name)) @field
(constant_declaration declarator: (variable_declarator name: (_) @name)) @constant
(enum_constant name: (_) @name) @constant
(import_declaration [(scoped_identifier) (identifier)] @import)
(string_literal) @string
