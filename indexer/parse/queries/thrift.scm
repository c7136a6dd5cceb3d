(struct_definition . type: (identifier) @name) @struct
(exception_definition . (identifier) @name) @class
(enum_definition . type: (identifier) @name) @enum
(service_definition . type: (identifier) @name) @service
(function_definition (type) . (identifier) @name) @rpc
(const_definition (type) . (identifier) @name) @constant
(typedef_definition (typedef_identifier) @name) @type
(include_statement (string) @import)
(string) @string
