(class_definition name: (_) @name body: (_) @body) @class
(mixin_declaration (identifier) @name (class_body) @body) @class
(enum_declaration name: (_) @name body: (_) @body) @enum
(enum_constant name: (_) @name) @constant
(extension_declaration class: (_) @name body: (_) @body) @scope
(type_alias . (type_identifier) @name) @type
((method_signature (_ name: (_) @name)) @method . (function_body) @body)
(declaration (constructor_signature name: (_) @name)) @method
(declaration (function_signature name: (_) @name)) @method
(declaration (initialized_identifier_list (initialized_identifier . (identifier) @name))) @field
(declaration (static_final_declaration_list (static_final_declaration . (identifier) @name))) @constant
(program ((function_signature name: (_) @name) @function . (function_body) @body))
(program (static_final_declaration_list (static_final_declaration . (identifier) @name)) @constant)
(import_or_export (_ (_ (configurable_uri) @import)))
(string_literal) @string
