(class_definition name: (_) @name) @class
(function_definition name: (_) @name) @function
(decorated_definition (class_definition name: (_) @name)) @class
(decorated_definition (function_definition name: (_) @name)) @function
(module (expression_statement (assignment left: (identifier) @name) @constant))
(class_definition body: (block (expression_statement (assignment left: (identifier) @name) @field)))
(import_statement name: (dotted_name) @import)
(import_statement name: (aliased_import name: (dotted_name) @import))
(import_from_statement) @import
(string) @string
(module (expression_statement (string) @docstring))
(block (expression_statement (string) @docstring))
