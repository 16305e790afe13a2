package objects

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Memory is a Store that forgets everything with the process; for tests.
type Memory struct {
	mu      sync.Mutex
	objects map[string][]byte
}

var _ Store = (*Memory)(nil)

// NewMemory makes an empty store.
func NewMemory() *Memory { return &Memory{objects: map[string][]byte{}} }

// Get implements Store.
func (m *Memory) Get(ctx context.Context, name string) ([]byte, error) {
	if err := checkPut(ctx, name, nil); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	data, ok := m.objects[name]
	if !ok {
		return nil, fmt.Errorf("get %q: %w", name, ErrNotFound)
	}
	return append([]byte{}, data...), nil
}

// Put implements Store.
func (m *Memory) Put(ctx context.Context, name string, data []byte) error {
	_, err := m.put(ctx, name, data, func([]byte, bool) bool { return true })
	return err
}

// PutIfAbsent implements Store.
func (m *Memory) PutIfAbsent(ctx context.Context, name string, data []byte) (bool, error) {
	return m.put(ctx, name, data, func(_ []byte, there bool) bool { return !there })
}

// PutIfMatch implements Store.
func (m *Memory) PutIfMatch(ctx context.Context, name string, data, old []byte) (bool, error) {
	return m.put(ctx, name, data, func(is []byte, there bool) bool { return there && bytes.Equal(is, old) })
}

func (m *Memory) put(ctx context.Context, name string, data []byte, wanted func(is []byte, there bool) bool) (bool, error) {
	if err := checkPut(ctx, name, data); err != nil {
		return false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	is, there := m.objects[name]
	if !wanted(is, there) {
		return false, nil
	}
	if !there && m.clashes(name) {
		return false, fmt.Errorf("put %q: %w", name, ErrConflict)
	}
	m.objects[name] = append([]byte{}, data...)
	return true, nil
}

// clashes says what a folder would: the name is a folder already, or one of its folders is an object.
func (m *Memory) clashes(name string) bool {
	for i, c := range name {
		if _, there := m.objects[name[:i]]; c == '/' && there {
			return true
		}
	}
	for other := range m.objects {
		if strings.HasPrefix(other, name+"/") {
			return true
		}
	}
	return false
}

// List implements Store.
func (m *Memory) List(ctx context.Context, prefix string) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := checkPrefix(prefix); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	names := []string{}
	for name := range m.objects {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// Delete implements Store.
func (m *Memory) Delete(ctx context.Context, name string) error {
	if err := checkPut(ctx, name, nil); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.objects, name)
	return nil
}
