/** The dashboard's page: begins here. */
import { render } from 'preact'
import { App } from './app.js'
import './base.css'
import './shell.css'
import './cards.css'
import './dialogs.css'
import './map.css'
import './table.css'
import './panel.css'
import './chart.css'
import { start } from './store.js'
import { applyTheme } from './theme.js'

applyTheme()
start()
const root = document.getElementById('app')
if (root) render(<App />, root)
