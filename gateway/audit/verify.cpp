#include "gateway/audit/verify.h"

#include <array>

namespace concord::audit {

namespace {

constexpr std::size_t kLinksPerRead = 1000;

Break make_break(Fault fault, std::int64_t sequence, std::string text) {
  return Break{fault, sequence, std::move(text)};
}

/// Checks one link against its place; nothing when it holds.
std::optional<Break> check(const Link& link, std::int64_t expected, const Sha256& previous) {
  const std::string number = std::to_string(expected);
  if (link.sequence > expected) {
    return make_break(Fault::missing, expected, "record " + number + " is missing");
  }
  const auto said = sequence_of(link.body);
  if (!said) {
    return make_break(Fault::tampered, expected, "record " + number + " is not an audit record");
  }
  if (*said != expected) {
    return make_break(
        Fault::reordered, expected,
        "record " + std::to_string(*said) + " stands where record " + number + " belongs");
  }
  if (chain_hash(previous, link.body) != link.hash) {
    return make_break(Fault::tampered, expected,
                      "record " + number + " or its hash was changed after it was written");
  }
  return std::nullopt;
}

}  // namespace

std::string_view fault_name(Fault fault) {
  constexpr std::array<std::string_view, 4> kNames{"missing", "reordered", "tampered", "truncated"};
  return kNames[static_cast<std::size_t>(fault)];
}

Result<Verdict> verify(const Source& source, const Head& head) {
  Verdict verdict;
  verdict.head = genesis();
  bool head_met = head.sequence == 0 && head.hash == genesis();
  for (;;) {
    CONCORD_ASSIGN(const std::vector<Link> links, source(verdict.links, kLinksPerRead));
    if (links.empty()) break;
    for (const Link& link : links) {
      verdict.broken = check(link, verdict.links + 1, verdict.head);
      if (verdict.broken) return verdict;
      ++verdict.links;
      verdict.head = link.hash;
      head_met = head_met || (link.sequence == head.sequence && link.hash == head.hash);
    }
  }
  if (!head_met) {
    verdict.broken = make_break(Fault::truncated, verdict.links + 1,
                                "the chain does not pass through its recorded head, record " +
                                    std::to_string(head.sequence));
  }
  return verdict;
}

}  // namespace concord::audit
