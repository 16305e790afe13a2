import React, { type ReactNode } from 'react';
import { Stack, Text } from '@grafana/ui';

/** A part of the page under its own heading. */
export function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <Stack direction="column" gap={1.5}>
        <Text element="h3">{title}</Text>
        {children}
      </Stack>
    </section>
  );
}
