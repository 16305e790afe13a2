package warehouse

import (
	"encoding/base64"
	"strconv"
	"sync"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/tributary-cc/tributary/stream/event"
)

// names remembers what depends on the schema alone, which never changes while a process runs.
var names = struct {
	sync.Mutex
	of     map[protoreflect.FullName]string
	fields sync.Map // protoreflect.FullName → []jsonField
}{of: make(map[protoreflect.FullName]string)}

type jsonField struct {
	desc protoreflect.FieldDescriptor
	key  string // with quotes and colon
	list bool
}

var sealedName = (*event.Sealed)(nil).ProtoReflect().Descriptor().FullName()

// fieldsOf lists the fields of a message that may be written: all but sealed parts, which stay in the log.
func fieldsOf(d protoreflect.MessageDescriptor) []jsonField {
	if f, ok := names.fields.Load(d.FullName()); ok {
		return f.([]jsonField) //nolint:errcheck,forcetypeassert // nothing else is stored
	}
	var out []jsonField
	all := d.Fields()
	for i := range all.Len() {
		f := all.Get(i)
		if f.Message() != nil && f.Message().FullName() == sealedName {
			continue
		}
		out = append(out, jsonField{f, strconv.Quote(string(f.Name())) + ":", f.IsList()})
	}
	names.fields.Store(d.FullName(), out)
	return out
}

// appendJSON writes a message as JSON with the schema's field names, in their order, without what is unset: one value has
// one text. Numbers are numbers, enums their short names, bytes base64.
func appendJSON(b []byte, m protoreflect.Message) []byte {
	b = append(b, '{')
	first := true
	for _, f := range fieldsOf(m.Descriptor()) {
		if !m.Has(f.desc) {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, f.key...)
		if !f.list {
			b = appendValue(b, f.desc, m.Get(f.desc))
			continue
		}
		b = append(b, '[')
		list := m.Get(f.desc).List()
		for i := range list.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendValue(b, f.desc, list.Get(i))
		}
		b = append(b, ']')
	}
	return append(b, '}')
}

func appendValue(b []byte, f protoreflect.FieldDescriptor, v protoreflect.Value) []byte {
	switch f.Kind() {
	case protoreflect.StringKind:
		return appendString(b, v.String())
	case protoreflect.BoolKind:
		return strconv.AppendBool(b, v.Bool())
	case protoreflect.Int32Kind, protoreflect.Int64Kind, protoreflect.Sint32Kind, protoreflect.Sint64Kind,
		protoreflect.Sfixed32Kind, protoreflect.Sfixed64Kind:
		return strconv.AppendInt(b, v.Int(), 10)
	case protoreflect.Uint32Kind, protoreflect.Uint64Kind, protoreflect.Fixed32Kind, protoreflect.Fixed64Kind:
		return strconv.AppendUint(b, v.Uint(), 10)
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		return strconv.AppendFloat(b, v.Float(), 'g', -1, 64)
	case protoreflect.EnumKind:
		if value := f.Enum().Values().ByNumber(v.Enum()); value != nil {
			return appendString(b, valueName(value))
		}
		return strconv.AppendInt(b, int64(v.Enum()), 10)
	case protoreflect.BytesKind:
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, v.Bytes())
		return append(b, '"')
	case protoreflect.MessageKind, protoreflect.GroupKind:
		return appendJSON(b, v.Message())
	}
	return append(b, "null"...)
}

// appendString quotes; what is not UTF-8 becomes U+FFFD.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
			i++
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			i++
		case c < utf8.RuneSelf:
			b = append(b, c)
			i++
		default:
			r, size := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r)
			i += size
		}
	}
	return append(b, '"')
}
