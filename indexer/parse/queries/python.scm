(class_definition name: (_) @name) @class
(function_definition name: (_) @name) @function
(decorated_definition (class_definition name: (_) @name)) @class
(decorated_definition (function_definition name: (_) @name)) @function
(module (assignment left: (identifier) @name) @constant)
(class_definition body: (block (assignment left: (identifier) @name) @field))
(import_statement name: (dotted_name) @import)
(import_statement name: (aliased_import name: (dotted_name) @import))
(import_from_statement) @import
(string) @string
(module (string) @docstring)
(block (string) @docstring)
