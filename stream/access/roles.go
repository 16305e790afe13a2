package access

import "slices"

// Role is a set of permissions within a tenant.
type Role string

// The roles. Dashboards is a program's: it never logs in, it has a token.
const (
	RoleAgent      Role = "agent"
	RoleQA         Role = "qa"
	RoleSupervisor Role = "supervisor"
	RoleAdmin      Role = "admin"
	// RoleDashboards reads boards, for whoever is signed in at it or, for its alert rules, for itself.
	RoleDashboards Role = "dashboards"
)

// Roles are all of them.
func Roles() []Role {
	return []Role{RoleAgent, RoleQA, RoleSupervisor, RoleAdmin, RoleDashboards}
}

// Program reports whether the roles are those of a program, which has a token and no password.
func Program(roles []Role) bool { return slices.Contains(roles, RoleDashboards) }

// Action is a verb of the permission table.
type Action string

// The actions that doors ask about. Own means the contacts and conversations that the person's agent has or had.
const (
	ActionWork             Action = "work"                  // set presence, take and answer offers
	ActionContactRead      Action = "contact.read"          // open own contacts and their conversation's history
	ActionContactReadAll   Action = "contact.read_all"      // open everybody's
	ActionContactWrite     Action = "contact.write"         // answer, transfer, end, wrap up own contacts
	ActionBoardRead        Action = "board.read"            // queues, agents, service level
	ActionBoardForward     Action = "board.forward"         // programs: read boards for a person who is signed in there
	ActionRoutingAct       Action = "routing.act"           // move a contact, set another's presence
	ActionConfigRead       Action = "config.read"           // see the configuration
	ActionConfigWrite      Action = "config.write"          // change it
	ActionAccountManage    Action = "account.manage"        // create, disable, see accounts
	ActionPersonErase      Action = "person.erase"          // delete the keys of a person
	ActionSessionBegin     Action = "session.begin"         // audit only: a log-in
	ActionSessionEnd       Action = "session.end"           // audit only: a log-out
	ActionPasswordRedeemed Action = "session.one_time_link" // audit only: a one-time link was used
)

// What is done to accounts and, at the command line, to the installation; for the audit only.
const (
	ActionAccountCreate   Action = "account.create"
	ActionAccountPassword Action = "account.password"
	ActionAccountRoles    Action = "account.roles"
	ActionAccountTeams    Action = "account.teams"
	ActionAccountDisable  Action = "account.disable"
	ActionAccountEnable   Action = "account.enable"
	ActionAccountLogout   Action = "account.logout"
	ActionAccountLink     Action = "account.one_time_link"
	ActionAccountToken    Action = "account.token"
	ActionDeadRetry       Action = "dead.retry"
	ActionEngineResend    Action = "engine.resend"
	ActionEngineSkip      Action = "engine.skip"
)

// permissions is the whole table: what is not in it is denied.
var permissions = map[Role][]Action{
	RoleAgent:      {ActionWork, ActionContactRead, ActionContactWrite},
	RoleQA:         {ActionContactRead, ActionContactReadAll, ActionBoardRead},
	RoleSupervisor: {ActionWork, ActionContactRead, ActionContactReadAll, ActionContactWrite, ActionBoardRead, ActionRoutingAct, ActionConfigRead},
	RoleAdmin:      {ActionBoardRead, ActionConfigRead, ActionConfigWrite, ActionAccountManage, ActionPersonErase},
	RoleDashboards: {ActionBoardRead, ActionBoardForward},
}

// Actions are those that Can knows.
func Actions() []Action {
	return []Action{
		ActionWork, ActionContactRead, ActionContactReadAll, ActionContactWrite, ActionBoardRead, ActionBoardForward, ActionRoutingAct,
		ActionConfigRead, ActionConfigWrite, ActionAccountManage, ActionPersonErase,
	}
}

// Can says whether the principal may do something in a tenant: one of the roles allows it, and the tenant is the
// principal's own. There is no way into another tenant.
func Can(p Principal, action Action, tenant string) bool {
	if p.Tenant == "" || p.Tenant != tenant {
		return false
	}
	for _, role := range p.Roles {
		if slices.Contains(permissions[role], action) {
			return true
		}
	}
	return false
}

func checkRoles(roles []Role) ([]Role, error) {
	if len(roles) == 0 {
		return nil, invalid("roles", "an account needs a role")
	}
	for _, role := range roles {
		if !slices.Contains(Roles(), role) {
			return nil, invalid("roles", "there is no role %.40q; there are %v", string(role), Roles())
		}
	}
	sorted := slices.Clone(roles)
	slices.Sort(sorted)
	if sorted = slices.Compact(sorted); Program(sorted) && len(sorted) > 1 {
		return nil, invalid("roles", "a program (dashboards) has no other role")
	}
	return sorted, nil
}
