; extends typescript
(jsx_text) @string
