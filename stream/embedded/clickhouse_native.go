package embedded

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	chproto "github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/column"
	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"
)

// nativeWriter turns the engine's blocks, which it writes at protocol revision 0, into blocks of the client's revision.
type nativeWriter struct {
	out      io.Writer
	revision uint64
	buffer   chproto.Buffer
	blocks   int
}

// write decodes all blocks of b and writes them again.
func (n *nativeWriter) write(b []byte) error {
	r := chproto.NewReader(bytes.NewReader(b))
	for {
		block := proto.Block{ServerContext: &column.ServerContext{}}
		if err := block.Decode(r, 0); err != nil {
			if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				return nil
			}
			return fmt.Errorf("embedded: read a block of the engine: %w", err)
		}
		if err := n.emit(&block); err != nil {
			return err
		}
	}
}

// header writes a block of no rows, from which a client learns the columns of an empty answer.
func (n *nativeWriter) header(names, types []string) error {
	block := proto.Block{ServerContext: &column.ServerContext{}}
	for i, name := range names {
		if err := block.AddColumn(name, column.Type(types[i])); err != nil {
			return fmt.Errorf("embedded: column %s of an empty answer: %w", name, err)
		}
	}
	return n.emit(&block)
}

func (n *nativeWriter) emit(block *proto.Block) error {
	n.buffer.Reset()
	if err := block.EncodeHeader(&n.buffer, n.revision); err != nil {
		return fmt.Errorf("embedded: write a block for the client: %w", err)
	}
	for i, c := range block.Columns {
		// The state prefix belongs to columns with rows only: the reader of an empty column does not look for one.
		if block.Rows() == 0 {
			n.buffer.PutString(c.Name())
			n.buffer.PutString(string(c.Type()))
			if n.revision >= proto.DBMS_MIN_REVISION_WITH_CUSTOM_SERIALIZATION {
				n.buffer.PutBool(false)
			}
			continue
		}
		if err := block.EncodeColumn(&n.buffer, n.revision, i); err != nil {
			return fmt.Errorf("embedded: write a block for the client: %w", err)
		}
	}
	n.blocks++
	_, err := n.out.Write(n.buffer.Buf)
	return err
}
