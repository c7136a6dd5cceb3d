(struct_item name: (_) @name) @struct
(union_item name: (_) @name) @struct
(enum_item name: (_) @name) @enum
(enum_variant name: (_) @name) @constant
(trait_item name: (_) @name) @trait
(impl_item type: (type_identifier) @name body: (_) @body) @scope
(impl_item type: (generic_type type: (_) @name) body: (_) @body) @scope
(impl_item type: (scoped_type_identifier name: (_) @name) body: (_) @body) @scope
(impl_item type: (reference_type type: (_) @name) body: (_) @body) @scope
(mod_item name: (_) @name body: (_) @body) @module
(function_item name: (_) @name) @function
(function_signature_item name: (_) @name) @function
(const_item name: (_) @name) @constant
(static_item name: (_) @name) @constant
(type_item name: (_) @name) @type
(macro_definition name: (_) @name) @function
(attribute_item) @decorator
(use_declaration argument: (_) @import)
[(string_literal) (raw_string_literal)] @string
