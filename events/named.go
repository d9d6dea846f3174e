package events

import "unicode/utf8"

// Named returns the id and the source of a message as far as they can be read, so that
// one that Decode refuses can be told from others. What cannot be read is empty.
func Named(raw Raw) (id, source string) {
	h := readHeaders(raw.Header)
	h.unescape()
	id, source = h.attribute[attrID], h.attribute[attrSource]
	if !h.binary {
		id = h.messageID
	}
	data := unwrapped(withoutMark(raw.Data))
	if len(data) <= MaxSize && utf8.Valid(data) && (h.structured || !h.binary) && (mentionsVersion(data) || enveloped(data)) {
		id, source = "", ""
		r := reader{data: data}
		for ok := r.peek() == '{' && r.object(); ok && r.field(); {
			switch string(r.name) {
			case "id":
				id = r.scalar()
			case "source":
				source = r.scalar()
			default:
				r.skip()
			}
		}
	}
	return CleanText(id, MaxID), CleanText(source, MaxID)
}

// scalar reads a string or a number as it is.
func (r *reader) scalar() string {
	if r.peek() == '"' {
		return string(r.quoted())
	}
	from := r.pos
	if r.skip(); r.err == nil && r.data[from] != '{' && r.data[from] != '[' {
		return string(r.data[from:r.pos])
	}
	return ""
}

// FieldKind is the path of a field without the numbers of lists' elements:
// "order.items[].price". What is wrong with one line is mostly wrong with all.
func FieldKind(field string) string { return withoutIndex(field) }
