import React from 'react';
import { Alert, Card, Grid } from '@grafana/ui';
import { t } from '@grafana/i18n';
import { getBackendSrv } from '@grafana/runtime';
import { BOARDS, type Board, CHINESE } from '../constants';
import { useAnswer } from '../datasource/components/useAnswer';
import { isChinese } from '../language';
import { Section } from './Section';

interface Found {
  uid: string;
  url: string;
  title: string;
}

/** Links to the boards that this Grafana has, in the reader's language where it has that. */
export function Boards() {
  const found = useAnswer(search, 'boards');
  const missing = found.value !== undefined && BOARDS.every((board) => !linkOf(board, found.value ?? []));
  return (
    <Section title={t('boards.title', 'Boards')}>
      {missing && (
        <Alert severity="info" title={t('boards.missing.title', 'No board is here yet')}>
          {t('boards.missing.text', 'An administrator imports them; the last step below says how.')}
        </Alert>
      )}
      {found.error && (
        <Alert severity="warning" title={t('boards.failed', 'Grafana did not say which boards there are')}>
          {found.error}
        </Alert>
      )}
      {!missing && (
        <Grid minColumnWidth={34} gap={1}>
          {BOARDS.map((board) => {
            const link = linkOf(board, found.value ?? []);
            const { title, text } = words(board);
            return (
              <Card key={board} href={link} disabled={!link} noMargin>
                <Card.Heading>{title}</Card.Heading>
                <Card.Description>{text}</Card.Description>
              </Card>
            );
          })}
        </Grid>
      )}
    </Section>
  );
}

function search(): Promise<Found[]> {
  const uids = BOARDS.flatMap((board) => [board, board + CHINESE]);
  return getBackendSrv().get('/api/search', { type: 'dash-db', dashboardUIDs: uids, limit: uids.length });
}

/** The board in the reader's language, else the one in the other. */
function linkOf(board: Board, found: Found[]): string | undefined {
  const wanted = isChinese() ? [board + CHINESE, board] : [board, board + CHINESE];
  return wanted.map((uid) => found.find((one) => one.uid === uid)?.url).find(Boolean);
}

function words(board: Board): { title: string; text: string } {
  switch (board) {
    case 'tributary-wallboard':
      return {
        title: t('boards.wallboard.title', 'Wallboard'),
        text: t('boards.wallboard.text', 'Live: who waits and since when, who is free, the service level now, alerts.'),
      };
    case 'tributary-queues':
      return {
        title: t('boards.queues.title', 'Queues'),
        text: t(
          'boards.queues.text',
          'By interval: service level by four named formulas, answer speed, abandonment, handle time, volume.'
        ),
      };
    case 'tributary-contacts':
      return {
        title: t('boards.contacts.title', 'Contacts'),
        text: t('boards.contacts.text', 'The contacts behind a number, each with a link to its conversation.'),
      };
  }
}
