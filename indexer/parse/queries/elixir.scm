(call target: (identifier) @_define (arguments . (alias) @name) (do_block) @body
  (#any-of? @_define "defmodule" "defprotocol" "defimpl")) @module
(call target: (identifier) @_define (arguments . (call target: (identifier) @name))
  (#any-of? @_define "def" "defp" "defmacro" "defmacrop")) @function
(call target: (identifier) @_define (arguments . (identifier) @name)
  (#any-of? @_define "def" "defp" "defmacro" "defmacrop")) @function
(call target: (identifier) @_define (arguments . (binary_operator left: (call target: (identifier) @name)))
  (#any-of? @_define "def" "defp" "defmacro" "defmacrop")) @function
(call target: (identifier) @_import (arguments . (alias) @import)
  (#any-of? @_import "alias" "import" "use" "require"))
(string) @string
