// Package older starts this version on what older versions left on disk: the streams, and
// the customers in Redis, of an installation that was stopped in the middle of a story. Its
// tests tell the story to the end.
package older
