(message (message_name) @name) @message
(enum (enum_name) @name) @enum
(enum_field . (identifier) @name) @constant
(service (service_name) @name) @service
(rpc (rpc_name) @name) @rpc
(import path: (_) @import)
(string) @string
