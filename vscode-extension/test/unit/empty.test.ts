import "node:test";
