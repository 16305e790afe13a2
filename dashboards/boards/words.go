package boards

// Language is one of those the boards are written in.
type Language string

// The languages.
const (
	English Language = "en"
	Chinese Language = "zh-CN"
)

// Languages are all of them.
func Languages() []Language { return []Language{English, Chinese} }

// t chooses between the two texts.
func (l Language) t(english, chinese string) string {
	if l == Chinese {
		return chinese
	}
	return english
}

// uid is a board's: the Chinese ones end in -zh.
func (l Language) uid(name string) string { return "tributary-" + name + l.t("", "-zh") }

// word is a column's name on the screen.
type word struct{ en, zh string }

func (l Language) w(w word) string { return l.t(w.en, w.zh) }

// columns are the names of columns wherever they are shown.
var columns = map[string]word{
	"interval_ms":        {"Interval", "时段"},
	"queue":              {"Queue", "队列"},
	"queue_name":         {"Queue", "队列"},
	"name":               {"Queue", "队列"},
	"agent":              {"Agent", "坐席"},
	"agent_name":         {"Agent", "坐席"},
	"channel":            {"Channel", "渠道"},
	"enqueued":           {"Enqueued", "进入队列"},
	"answered":           {"Answered", "已接起"},
	"abandoned":          {"Abandoned", "已放弃"},
	"flowed_out":         {"Flowed out", "已转出"},
	"waiting":            {"Waiting", "等待中"},
	"unexplained":        {"Check", "核对"},
	"short_abandoned":    {"Short abandons", "短放弃"},
	"answered_in_target": {"Answered within T", "T 内接起"},
	"asa_ms":             {"ASA", "平均接起速度"},
	"abandon_ms":         {"Average abandon time", "平均放弃时长"},
	"max_wait_ms":        {"Longest wait", "最长等待"},
	"abandon_rate":       {"Abandoned of enqueued", "放弃率（占进入队列）"},
	"sl_connect":         {"SL Connect", "服务水平 Connect"},
	"sl_genesys":         {"SL Genesys", "服务水平 Genesys"},
	"sl_copc":            {"SL COPC", "服务水平 COPC"},
	"sl_late_abandons":   {"SL late abandons", "服务水平（仅计迟放弃）"},
	"service_level":      {"SL late abandons", "服务水平（仅计迟放弃）"},
	"handled":            {"Handled", "已处理"},
	"wrapping":           {"Wrapping up", "话后处理中"},
	"talk_ms":            {"Talk, sum", "交谈合计"},
	"acw_ms":             {"Wrap-up", "话后处理"},
	"aht_ms":             {"AHT", "平均处理时长"},
	"transferred_in":     {"Came by transfer", "转入"},
	"transferred_out":    {"Transferred", "转出"},
	"transfer_rate":      {"Transferred (of handled)", "转出率（占已处理）"},
	"lost":               {"Agent lost", "坐席掉线"},
	"reason":             {"Reason", "原因"},
	"next_queue_name":    {"Went to", "去向"},
	"wait_ms":            {"Wait", "等待时长"},
	"intent":             {"Intent", "意图"},
	"found":              {"Found", "识别次数"},
	"contacts":           {"Contacts, about", "联络（约）"},
	"failed":             {"Failed", "失败"},
	"confidence":         {"Confidence, ‰", "置信度 ‰"},
	"latency_p99_us":     {"Time, p99", "耗时 p99"},
	"stage":              {"Found by", "识别者"},
	"model":              {"Model", "模型"},
	"language":           {"Language", "语言"},
	"contact":            {"Contact", "联络"},
	"conversation":       {"Conversation", "会话"},
	"cohort":             {"Enqueueing", "第几次入队"},
	"outcome":            {"Outcome", "结果"},
	"since_ms":           {"Waits since", "开始等待"},
	"enqueued_ms":        {"Enqueued at", "入队时间"},
	"left_ms":            {"Left at", "离开时间"},
	"state":              {"State", "状态"},
	"initiation":         {"Begun by", "发起方式"},
	"end_reason":         {"Ended by", "结束原因"},
	"code":               {"Wrap-up code", "话后代码"},
	"survey":             {"Survey", "评分"},
	"assigned_ms":        {"Assigned at", "分配时间"},
	"ended_ms":           {"Ended at", "结束时间"},
	"wrapped_ms":         {"Wrapped up at", "话后完成"},
	"offer":              {"Offer", "派单"},
	"offered_ms":         {"Offered at", "派单时间"},
	"closed_ms":          {"Closed at", "结束时间"},
	"offered":            {"Offered now", "正在派单"},
	"oldest":             {"Oldest waits", "最久等待"},
	"staffed":            {"Staffed", "在岗"},
	"free":               {"Free", "空闲"},
	"open":               {"Open", "营业"},
	"target_ms":          {"Target T", "目标 T"},
	"alerts":             {"Alerts", "告警"},
	"agents_available":   {"Available", "可接"},
	"agents_busy":        {"Busy", "忙碌"},
	"agents_wrapping":    {"Wrapping up", "话后处理"},
	"agents_away":        {"Away", "离开"},
	"agents_offline":     {"Offline", "离线"},
	"at_ms":              {"At", "时间"},
	"latency_us":         {"Time", "耗时"},
	"model_version":      {"Version", "版本"},
	"message":            {"Message", "消息"},
	"offers":             {"Offers", "派单数"},
}

// outcomes, alerts and the like: the warehouse's words as people read them.
var values = map[string]word{
	"answered":            {"answered", "已接起"},
	"abandoned":           {"abandoned", "已放弃"},
	"flowed_out":          {"flowed out", "已转出"},
	"waiting":             {"waiting", "等待中"},
	"overflow":            {"overflow", "溢出"},
	"full":                {"queue full", "队列已满"},
	"too_long":            {"waited too long", "等待过久"},
	"closed":              {"closed", "非营业时间"},
	"transfer":            {"transferred", "转接"},
	"ended":               {"ended", "已结束"},
	"queue_gone":          {"queue removed", "队列已删除"},
	"wrapping":            {"wrapping up", "话后处理中"},
	"offered":             {"offered", "派单中"},
	"accepted":            {"accepted", "已接受"},
	"rejected":            {"rejected", "已拒绝"},
	"timed_out":           {"timed out", "超时"},
	"rescinded":           {"rescinded", "已撤回"},
	"nobody_staffed":      {"nobody staffed", "无人在岗"},
	"over_target":         {"waits over T", "等待超过 T"},
	"service_level_low":   {"service level low", "服务水平低"},
	"closed_with_waiting": {"closed, somebody waits", "已关闭但有人等待"},
}
