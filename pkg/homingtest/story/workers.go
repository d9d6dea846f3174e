package story

// Workers is the configuration with which a shop has all the workers, as YAML.
const Workers = `
workers:
  welcome: {status: live}
  survey: {status: live}
  service: {status: live, offer: {percent: 10, valid: 30d, code: static, value: SORRY10}}
  rewards:
    status: live
    bonus: {review: 5}
    expire_after: 9
    reward: {points: 150}
    tiers: {by: spend, currency: GBP, steps: [{name: Silver, from: "200"}, {name: Gold, from: "600"}]}
  subscription: {status: live, offer: {percent: 15, valid: 14d, code: static, value: BACK15}}
  referral: {status: live}
  advocacy: {status: live, photo: "https://shop.example/photos", community: "https://shop.example/community"}
  announcements: {status: live}
`
