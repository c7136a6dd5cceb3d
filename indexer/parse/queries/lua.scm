(function_declaration name: (_) @name body: (_)? @body) @function
(assignment_statement (variable_list name: (_) @name) (expression_list value: (function_definition))) @function
(field name: (_) @name value: (function_definition)) @function
(chunk (assignment_statement (variable_list name: (identifier) @name)) @constant)
(chunk (variable_declaration (assignment_statement (variable_list name: (identifier) @name))) @constant)
(string) @string
