import { render } from 'preact';
import { App } from './shell/App';
import { watchPrefs } from './shell/prefs';
import './style/base.css';
import './style/shell.css';
import './style/desk.css';
import './style/details.css';
import './style/talk.css';
import './style/write.css';
import './style/info.css';
import './style/pages.css';
import './style/admin.css';
import './style/conversation.css';

watchPrefs();
const root = document.getElementById('app');
if (root) render(<App />, root);
