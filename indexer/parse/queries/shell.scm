(function_definition name: (_) @name body: (_) @body) @function
(program (variable_assignment name: (variable_name) @name) @constant)
(program (declaration_command (variable_assignment name: (variable_name) @name)) @constant)
(command name: (command_name) @_source argument: (word) @import (#any-of? @_source "source" "."))
[(string) (raw_string)] @string
(command argument: (word) @string (#match? @string "^https?://"))
