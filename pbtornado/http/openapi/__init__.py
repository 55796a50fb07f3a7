"""The API as an OpenAPI 3.1 document, made from the collections as they are."""
