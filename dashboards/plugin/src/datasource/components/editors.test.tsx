import React from 'react';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { mockSizes } from '../../testing/mockRuntime';
import type { TributaryDataSource } from '../datasource';
import type { VariableQuery } from '../types';
import { AnnotationEditor } from './AnnotationEditor';
import { VariableQueryEditor } from './VariableQueryEditor';

beforeEach(mockSizes);

function show(query: Partial<VariableQuery>) {
  const seen: { query: Partial<VariableQuery> } = { query };
  function Page() {
    const [held, setHeld] = React.useState(query);
    seen.query = held;
    return (
      <VariableQueryEditor
        query={held as VariableQuery}
        onChange={setHeld}
        onRunQuery={() => undefined}
        datasource={{} as TributaryDataSource}
      />
    );
  }
  render(<Page />);
  return seen;
}

describe('the editor of a variable', () => {
  test('lists queues at first and agents when chosen, of a team', async () => {
    const seen = show({});
    expect(screen.queryByLabelText('Of the team')).not.toBeInTheDocument();
    await userEvent.click(screen.getByLabelText('List'));
    await userEvent.click(await screen.findByRole('option', { name: 'Agents' }));
    await userEvent.type(screen.getByLabelText('Of the team'), '$team');
    await userEvent.tab();
    expect(seen.query).toEqual({ refId: 'TributaryVariable', kind: 'agent', team: '$team' });
  });

  test('forgets the team of what has none', async () => {
    const seen = show({ refId: 'V', kind: 'agent', team: '$team' });
    await userEvent.click(screen.getByLabelText('List'));
    await userEvent.click(await screen.findByRole('option', { name: 'Intents' }));
    expect(seen.query).toEqual({ refId: 'V', kind: 'intent', team: undefined });
  });
});

test('the editor of an annotation says what is marked', () => {
  render(<AnnotationEditor />);
  expect(screen.getByText(/put in force, with its version/)).toBeInTheDocument();
});
