(class name: (_) @name) @class
(module name: (_) @name) @module
(method name: (_) @name) @function
(singleton_method name: (_) @name) @function
(assignment left: (constant) @name) @constant
(call method: (identifier) @_define arguments: (argument_list (simple_symbol) @name)
  (#any-of? @_define "attr_accessor" "attr_reader" "attr_writer" "attribute")) @field
(call method: (identifier) @_define arguments: (argument_list . (simple_symbol) @name)
  (#any-of? @_define "define_method" "alias_method" "scope" "has_many" "has_one" "belongs_to")) @field
(string) @string
