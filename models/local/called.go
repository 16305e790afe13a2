package local

import (
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Called is what people call a label of the models in the binary, by language; the label itself where a model from elsewhere has it.
func Called(label string) map[string]string {
	if label == "" {
		return nil
	}
	name := english(label)
	if zh, ok := chinese[label]; ok {
		return map[string]string{"en": name, "zh": zh}
	}
	return map[string]string{"en": name}
}

// CalledLabels are the labels of the models in the binary, in the order of the alphabet; no model is loaded for it.
func CalledLabels() []string { return slices.Sorted(maps.Keys(chinese)) }

// english reads a label as words: "atm_support" is "ATM support".
func english(label string) string {
	words := strings.Fields(strings.NewReplacer("_", " ", "?", "").Replace(strings.TrimPrefix(label, "general_")))
	for i, w := range words {
		if known, ok := spelt[w]; ok {
			words[i] = known
		} else if i > 0 {
			words[i] = strings.ToLower(w)
		}
	}
	name := strings.Join(words, " ")
	if name == "" {
		return label
	}
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(first)) + name[size:]
}

// spelt are the words of labels that English spells otherwise.
var spelt = map[string]string{
	"atm": "ATM", "pin": "PIN", "apple": "Apple", "google": "Google", "pay": "Pay", "visa": "Visa", "mastercard": "Mastercard",
	"bye": "Goodbye", "thank": "Thanks", "multi": "Several things at once",
}

// chinese names the labels of the models in the binary.
var chinese = map[string]string{ //nolint:gosec // names of what people ask about, no passwords
	// bank-en
	"Refund_not_showing_up":                   "退款未到账",
	"activate_my_card":                        "激活银行卡",
	"age_limit":                               "年龄限制",
	"apple_pay_or_google_pay":                 "Apple Pay 或 Google Pay",
	"atm_support":                             "支持的 ATM",
	"automatic_top_up":                        "自动充值",
	"balance_not_updated_after_bank_transfer": "转账后余额未更新",
	"balance_not_updated_after_cheque_or_cash_deposit": "存入支票或现金后余额未更新",
	"beneficiary_not_allowed":                          "不能添加收款人",
	"cancel_transfer":                                  "取消转账",
	"card_about_to_expire":                             "银行卡即将到期",
	"card_acceptance":                                  "哪里可以刷卡",
	"card_arrival":                                     "银行卡未寄到",
	"card_delivery_estimate":                           "银行卡寄送时间",
	"card_linking":                                     "绑定银行卡",
	"card_not_working":                                 "银行卡无法使用",
	"card_payment_fee_charged":                         "刷卡被收手续费",
	"card_payment_not_recognised":                      "不认识的刷卡交易",
	"card_payment_wrong_exchange_rate":                 "刷卡汇率有误",
	"card_swallowed":                                   "银行卡被吞",
	"cash_withdrawal_charge":                           "取现手续费",
	"cash_withdrawal_not_recognised":                   "不认识的取现",
	"change_pin":                                       "修改密码",
	"compromised_card":                                 "银行卡被盗用",
	"contactless_not_working":                          "无法闪付",
	"country_support":                                  "支持的国家和地区",
	"declined_card_payment":                            "刷卡被拒",
	"declined_cash_withdrawal":                         "取现被拒",
	"declined_transfer":                                "转账被拒",
	"direct_debit_payment_not_recognised":              "不认识的代扣",
	"disposable_card_limits":                           "一次性卡限额",
	"edit_personal_details":                            "修改个人资料",
	"exchange_charge":                                  "换汇手续费",
	"exchange_rate":                                    "汇率",
	"exchange_via_app":                                 "在应用内换汇",
	"extra_charge_on_statement":                        "账单上的额外收费",
	"failed_transfer":                                  "转账失败",
	"fiat_currency_support":                            "支持的货币",
	"get_disposable_virtual_card":                      "申请一次性虚拟卡",
	"get_physical_card":                                "实体卡密码",
	"getting_spare_card":                               "申请备用卡",
	"getting_virtual_card":                             "申请虚拟卡",
	"lost_or_stolen_card":                              "银行卡丢失或被盗",
	"lost_or_stolen_phone":                             "手机丢失或被盗",
	"order_physical_card":                              "申请实体卡",
	"passcode_forgotten":                               "忘记登录密码",
	"pending_card_payment":                             "刷卡待入账",
	"pending_cash_withdrawal":                          "取现待入账",
	"pending_top_up":                                   "充值处理中",
	"pending_transfer":                                 "转账处理中",
	"pin_blocked":                                      "密码被锁定",
	"receiving_money":                                  "收款",
	"request_refund":                                   "申请退款",
	"reverted_card_payment?":                           "刷卡被退回",
	"supported_cards_and_currencies":                   "支持的卡和货币",
	"terminate_account":                                "销户",
	"top_up_by_bank_transfer_charge":                   "转账充值手续费",
	"top_up_by_card_charge":                            "刷卡充值手续费",
	"top_up_by_cash_or_cheque":                         "现金或支票充值",
	"top_up_failed":                                    "充值失败",
	"top_up_limits":                                    "充值限额",
	"top_up_reverted":                                  "充值被退回",
	"topping_up_by_card":                               "刷卡充值",
	"transaction_charged_twice":                        "重复扣款",
	"transfer_fee_charged":                             "转账手续费",
	"transfer_into_account":                            "转入账户",
	"transfer_not_received_by_recipient":               "收款人未收到转账",
	"transfer_timing":                                  "转账到账时间",
	"unable_to_verify_identity":                        "身份验证未通过",
	"verify_my_identity":                               "验证身份",
	"verify_source_of_funds":                           "核实资金来源",
	"verify_top_up":                                    "核实充值",
	"virtual_card_not_working":                         "虚拟卡无法使用",
	"visa_or_mastercard":                               "Visa 或 Mastercard",
	"why_verify_identity":                              "为何验证身份",
	"wrong_amount_of_cash_received":                    "取现金额有误",
	"wrong_exchange_rate_for_cash_withdrawal":          "取现汇率有误",
	// travel-zh
	"attraction":    "景点",
	"general_bye":   "告别",
	"general_thank": "致谢",
	"hotel":         "酒店",
	"metro":         "地铁",
	"multi":         "多项需求",
	"restaurant":    "餐馆",
	"taxi":          "出租车",
}
