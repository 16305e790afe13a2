package policyfile_test

const bank = `policy:
  domain: main
  fallback: service
  rules:
    - name: Lost cards go first
      when: contact.intent == "card_lost" && contact.confidence >= 600
      queue: cards
      priority: 10
      head_start: 60s
      last_agent: 20s
      steps:
        - {need: "cards >= 4 && (contact.language == 'zh' ? chinese >= 3 : english >= 3)", for: 30s}
        - {need: "cards >= 2"}
    - name: Chinese speakers
      when: contact.language == "zh"
      steps:
        - need: chinese >= 3
  tests:
    - name: a lost card in English
      given: {intent: card_lost, confidence: 900, language: en, tier: gold}
      expect: {rule: Lost cards go first, queue: cards, priority: 10, head_start: 1m, last_agent: 20s}
      agents: {amy: {cards: 5, english: 4}, bo: {cards: 2}}
      fits: [[amy], [amy, bo]]
    - name: nobody is sure
      given: {intent: card_lost, confidence: 100, queue: web}
      expect: {rule: "", queue: service}
      agents: {bo: {}}
      fits: [[bo]]
`
