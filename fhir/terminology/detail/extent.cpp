#include "fhir/terminology/detail/extent.h"

#include <algorithm>

#include "fhir/tree/symbols.h"

namespace concord::terminology::detail {

namespace {

/// Sets that list more than this themselves are not copied into a union.
constexpr std::size_t kMostMerged = 4096;

bool same_place(const Extent& a, const Extent& b) {
  return a.system == b.system && a.in == b.in && a.version == b.version;
}

std::shared_ptr<const TextIndex> merged(const std::shared_ptr<const TextIndex>& a,
                                        const std::shared_ptr<const TextIndex>& b) {
  if (a == nullptr || a == b) return b;
  if (b == nullptr) return a;
  auto both = std::make_shared<TextIndex>(*a);
  for (const auto& row : b->rows()) both->add(row.text, row.number);
  return both;
}

/// The rows of `a` that `b` has (or has not).
std::shared_ptr<const TextIndex> kept(const std::shared_ptr<const TextIndex>& a,
                                      const std::shared_ptr<const TextIndex>& b, bool if_there) {
  if (a == nullptr) return nullptr;
  auto rows = std::make_shared<TextIndex>(a->size());
  for (const auto& row : a->rows()) {
    if ((b != nullptr && b->contains(row.text)) == if_there) rows->add(row.text, row.number);
  }
  return rows->size() == 0 ? nullptr : rows;
}

bool small(const Node& node) {
  return std::all_of(node.extents.begin(), node.extents.end(), [](const Extent& at) {
    return at.listed == nullptr || at.listed->size() <= kMostMerged;
  });
}

bool versions_meet(std::string_view a, std::string_view b) {
  return a.empty() || b.empty() || version_fits(a, b) || version_fits(b, a);
}

Hit no() { return {}; }

Hit find_in_extents(const Node& node, std::string_view system, std::string_view code,
                    std::string_view version) {
  Hit best;
  for (const Extent& at : node.extents) {
    if (!tree::same_name(at.system, system) || !versions_meet(version, at.version)) continue;
    Concept number = kNoConcept;
    if (at.find(code, number) == Answer::yes) {
      return {Answer::yes, at.system, number == kNoConcept ? nullptr : at.in,
              number,      Gap::none, {}};
    }
  }
  return best;
}

Hit unknown(Gap gap, std::string_view subject, std::string_view system) {
  Hit hit;
  hit.answer = Answer::unknown;
  hit.gap = gap;
  hit.subject = subject;
  hit.system = system;
  return hit;
}

Hit find_by_grammar(const Node& node, std::string_view system, std::string_view code) {
  if (node.grammar->url() != system || !node.grammar->has(code)) return no();
  for (const Node::Condition& at : node.conditions) {
    const auto met = node.grammar->meets(code, {at.property, at.op, at.value});
    if (!met) return unknown(Gap::bad_filter, node.grammar->url(), system);
    if (!*met) return no();
  }
  Hit hit;
  hit.answer = Answer::yes;
  hit.system = node.grammar->url();
  hit.in = node.grammar;
  return hit;
}

}  // namespace

Hit find(const Node& node, std::string_view system, std::string_view code,
         std::string_view version) {
  // Recursion follows the imports of value sets, which are bounded when they are compiled.
  switch (node.kind) {
    case Node::Kind::extents:
      return find_in_extents(node, system, code, version);
    case Node::Kind::grammar:
      return find_by_grammar(node, system, code);
    case Node::Kind::gap:
      if (!node.system.empty() && node.system != system) return no();
      if (node.in != nullptr && node.in->find(code) != kNoConcept) return no();
      return unknown(node.gap, node.subject, system);
    case Node::Kind::any: {
      Hit doubt;
      for (const NodePtr& part : node.parts) {
        const Hit hit = find(*part, system, code, version);
        if (hit.answer == Answer::yes) return hit;
        if (hit.answer == Answer::unknown) doubt = hit;
      }
      return doubt;
    }
    case Node::Kind::all: {
      Hit best = no();
      Hit doubt;
      bool first = true;
      for (const NodePtr& part : node.parts) {
        const Hit hit = find(*part, system, code, version);
        if (hit.answer == Answer::no) return no();
        if (hit.answer == Answer::unknown) doubt = hit;
        if (hit.answer == Answer::yes && (first || best.in == nullptr)) best = hit;
        first = false;
      }
      return doubt.answer == Answer::unknown ? doubt : best;
    }
    case Node::Kind::without: {
      const Hit hit = find(*node.parts[0], system, code, version);
      if (hit.answer == Answer::no) return hit;
      const Hit out = find(*node.parts[1], system, code, version);
      if (out.answer == Answer::yes) return no();
      return out.answer == Answer::unknown ? out : hit;
    }
  }
  return no();
}

NodePtr any_of(std::vector<NodePtr> parts) {
  auto exact = std::make_shared<Node>();
  std::vector<NodePtr> rest;
  for (NodePtr& part : parts) {
    if (part->kind != Node::Kind::extents || !small(*part)) {
      rest.push_back(std::move(part));
      continue;
    }
    for (const Extent& at : part->extents) {
      const auto same = std::find_if(exact->extents.begin(), exact->extents.end(),
                                     [&](const Extent& own) { return same_place(own, at); });
      if (same == exact->extents.end()) {
        exact->extents.push_back(at);
      } else {
        same->numbers = same->numbers | at.numbers;
        same->listed = merged(same->listed, at.listed);
      }
    }
  }
  if (rest.empty()) return exact;
  if (exact->extents.empty() && rest.size() == 1) return rest[0];
  auto node = std::make_shared<Node>();
  node->kind = Node::Kind::any;
  if (!exact->extents.empty()) node->parts.push_back(std::move(exact));
  for (NodePtr& part : rest) node->parts.push_back(std::move(part));
  return node;
}

NodePtr all_of(std::vector<NodePtr> parts) {
  if (parts.size() == 1) return parts[0];
  const bool exact = std::all_of(parts.begin(), parts.end(), [](const NodePtr& part) {
    return part->kind == Node::Kind::extents && small(*part);
  });
  if (!exact) {
    auto node = std::make_shared<Node>();
    node->kind = Node::Kind::all;
    node->parts = std::move(parts);
    return node;
  }
  auto node = std::make_shared<Node>(*parts[0]);
  for (std::size_t i = 1; i < parts.size(); ++i) {
    std::vector<Extent> common;
    for (const Extent& a : node->extents) {
      for (const Extent& b : parts[i]->extents) {
        if (a.system != b.system || !versions_meet(a.version, b.version)) continue;
        Extent both = a;
        if (a.in == b.in) {
          both.numbers = a.numbers & b.numbers;
          both.listed = kept(a.listed, b.listed, true);
        } else {
          // Two versions of one system: by code.
          auto rows = std::make_shared<TextIndex>();
          const auto take = [&](std::string_view code, std::uint32_t number) {
            Concept other = kNoConcept;
            if (b.find(code, other) == Answer::yes) rows->add(code, number);
          };
          for (Concept at = a.numbers.next(0); at != kNoConcept; at = a.numbers.next(at + 1)) {
            take(a.in->code(at), at);
          }
          if (a.listed != nullptr) {
            for (const auto& row : a.listed->rows()) take(row.text, row.number);
          }
          both.numbers = {};
          both.listed = rows;
        }
        common.push_back(std::move(both));
      }
    }
    node->extents = std::move(common);
  }
  return node;
}

NodePtr without(NodePtr from, NodePtr what) {
  const bool exact = from->kind == Node::Kind::extents && what->kind == Node::Kind::extents &&
                     small(*from) && small(*what);
  const bool one_version =
      exact && std::all_of(from->extents.begin(), from->extents.end(), [&](const Extent& a) {
        return std::all_of(what->extents.begin(), what->extents.end(),
                           [&](const Extent& b) { return a.system != b.system || a.in == b.in; });
      });
  auto node = std::make_shared<Node>();
  if (!one_version) {
    node->kind = Node::Kind::without;
    node->parts = {std::move(from), std::move(what)};
    return node;
  }
  node->extents = from->extents;
  for (Extent& a : node->extents) {
    for (const Extent& b : what->extents) {
      if (a.system != b.system || !versions_meet(a.version, b.version)) continue;
      a.numbers = a.numbers - b.numbers;
      a.listed = b.listed == nullptr ? a.listed : kept(a.listed, b.listed, false);
    }
  }
  return node;
}

}  // namespace concord::terminology::detail
