(function_declaration name: (_) @name) @function
(method_declaration receiver: (_) @owner name: (_) @name) @method
(type_spec name: (_) @name) @type
(type_spec name: (_) @name type: (struct_type)) @struct
(type_spec name: (_) @name type: (interface_type)) @interface
(interface_type (method_elem name: (_) @name) @method)
(type_alias name: (_) @name) @type
(const_spec (identifier) @name) @constant
(source_file (var_declaration (var_spec name: (_) @name) @constant))
(source_file (var_declaration (var_spec_list (var_spec name: (_) @name) @constant)))
(import_spec path: (_) @import)
[(interpreted_string_literal) (raw_string_literal)] @string
