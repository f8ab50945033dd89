#include "gateway/subscriptions/registry.h"

#include <algorithm>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/search/match.h"
#include "gateway/http/message.h"

namespace concord::subscriptions {
namespace {

constexpr std::size_t kAtOnce = 500;
const std::vector<std::string> kTypes{"Subscription"};

Error wrong_criteria(std::string text) {
  return make_error(ErrorCode::invalid, std::move(text), "Subscription.criteria");
}

/// "code" of "code:in" and "subject.name".
std::string_view plain_name(std::string_view parameter) {
  return parameter.substr(0, parameter.find_first_of(":."));
}

}  // namespace

Result<search::Condition> Registry::condition(std::string_view type, std::string_view query,
                                              const Topic* topic) const {
  auto parameters = http::parse_query(query);
  if (!parameters) return wrong_criteria("a query that cannot be read");
  if (topic != nullptr) {
    for (const auto& [name, value] : *parameters) {
      if (std::find(topic->filters.begin(), topic->filters.end(), plain_name(name)) ==
          topic->filters.end()) {
        return wrong_criteria("the topic offers no filter \"" + std::string(plain_name(name)) +
                              "\"");
      }
    }
  }
  search::Parameters::Reading reading;
  reading.handling = search::Handling::strict;
  reading.base_url = parts_.base_url;
  reading.now = parts_.clock();
  auto understood = parts_.parameters->parse(type, *parameters, reading);
  if (!understood) {
    Error error = std::move(understood).error();
    error.code = ErrorCode::invalid;
    for (Issue& issue : error.issues) issue.expression = "Subscription.criteria";
    return error;
  }
  if (search::asks_others(understood->where.front())) {
    return wrong_criteria("criteria may ask for the resource that changes only, not for others");
  }
  return std::move(understood->where.front());
}

Result<Watch> Registry::compile(std::string id, Definition definition) const {
  Watch watch;
  watch.id = std::move(id);
  std::vector<std::string> queries;
  if (definition.backport) {
    const auto topic =
        std::find_if(parts_.topics->begin(), parts_.topics->end(),
                     [&](const Topic& one) { return one.url == definition.criteria; });
    if (topic == parts_.topics->end()) return wrong_criteria("a topic this server does not have");
    watch.topic = &*topic;
    watch.type = topic->resource;
    queries = definition.filters;
  } else {
    watch.type = definition.criteria.substr(0, definition.criteria.find('?'));
    queries.push_back(definition.criteria);
  }
  const definitions::Type* type = parts_.definitions->type(std::string_view(watch.type));
  if (type == nullptr || !type->is_resource() || type->is_abstract()) {
    return wrong_criteria("criteria begin with a type of resource");
  }
  search::All all;
  for (const std::string& query : queries) {
    const std::size_t mark = query.find('?');
    // A filter may leave out the type of its topic.
    const std::string_view of_type = mark == std::string::npos && definition.backport
                                         ? std::string_view(watch.type)
                                         : std::string_view(query).substr(0, mark);
    if (of_type != watch.type) return wrong_criteria("a filter for another type than the topic's");
    const std::string_view rest =
        mark != std::string::npos
            ? std::string_view(query).substr(mark + 1)
            : (definition.backport ? std::string_view(query) : std::string_view());
    CONCORD_ASSIGN(search::Condition one, condition(watch.type, rest, watch.topic));
    all.of.push_back(std::move(one));
  }
  watch.where.is = std::move(all);
  watch.definition = std::move(definition);
  return watch;
}

/// A stored subscription; one that cannot be read or compiled is kept as broken.
WatchPointer Registry::made(const store::ResourceRow& row) const {
  const auto compiled = [&]() -> Result<Watch> {
    CONCORD_ASSIGN(tree::Document document, json::read(row.body, parts_.definitions->symbols()));
    tree::Builder builder(document);
    definitions::annotate(builder, *parts_.definitions);
    CONCORD_ASSIGN(Definition definition, read_definition(document));
    Definition kept = definition;
    auto watch = compile(row.id, std::move(definition));
    if (watch) return watch;
    Watch broken;
    broken.definition = std::move(kept);
    broken.broken = true;
    return broken;
  };
  auto watch = compiled();
  auto made = std::make_shared<Watch>();
  if (watch) {
    *made = *std::move(watch);
  } else {
    made->broken = true;
  }
  made->id = row.id;
  made->version = row.version;
  made->updated_at = row.updated_at;
  return made;
}

void Registry::put(Watches& watches, const store::ResourceRow& row) const {
  const auto leave = [&](std::vector<WatchPointer>& list) {
    std::erase_if(list, [&](const WatchPointer& one) { return one->id == row.id; });
  };
  for (auto& [type, list] : watches.by_type) leave(list);
  watches.by_id.erase(row.id);
  if (row.change == store::Change::deleted) return;
  const WatchPointer watch = made(row);
  watches.by_id.emplace(row.id, watch);
  const std::string& status = watch->definition.status;
  if (!watch->broken && (status == "active" || status == "requested")) {
    watches.by_type[watch->type].push_back(watch);
  }
}

/// Everything anew.
Result<void> Registry::load(Watches& watches) {
  // The place first: what changes meanwhile is then seen twice rather than never.
  CONCORD_ASSIGN(const store::ResourcePage place, parts_.resources->changed("", kTypes, 1));
  store::ResourceSearch search;
  store::ResourceSearch::Part part;
  part.type = "Subscription";
  part.where.is = search::All{};
  part.sort.push_back({search::SortKey::By::id, search::IndexKind::text, {}, false});
  search.parts.push_back(std::move(part));
  search.limit = kAtOnce;
  do {
    CONCORD_ASSIGN(store::ResourcePage page, parts_.resources->search(search));
    for (const store::ResourceRow& row : page.rows) put(watches, row);
    search.cursor = page.next;
  } while (!search.cursor.empty());
  cursor_ = place.next;
  return {};
}

/// What changed since the last look. True when something did.
Result<bool> Registry::follow(Watches& watches) {
  bool moved = false;
  for (;;) {
    CONCORD_ASSIGN(store::ResourcePage page, parts_.resources->changed(cursor_, kTypes, kAtOnce));
    for (const store::ResourceRow& row : page.rows) put(watches, row);
    moved = moved || !page.rows.empty();
    if (!page.next.empty()) cursor_ = page.next;
    if (page.rows.size() < kAtOnce) return moved;
  }
}

Result<std::shared_ptr<const Watches>> Registry::current() {
  const auto fresh = [this]() -> std::shared_ptr<const Watches> {
    const std::lock_guard lock(mutex_);
    const Instant now = parts_.clock();
    const bool good = watches_ != nullptr && looked_at_ <= now && now - looked_at_ < parts_.fresh;
    return good ? watches_ : nullptr;
  };
  if (auto known = fresh()) return known;
  const std::lock_guard one(looking_);
  if (auto known = fresh()) return known;  // somebody else looked meanwhile
  std::shared_ptr<const Watches> before;
  {
    const std::lock_guard lock(mutex_);
    before = watches_;
  }
  const Instant looked_at = parts_.clock();
  auto next = before == nullptr ? std::make_shared<Watches>() : std::make_shared<Watches>(*before);
  Result<bool> moved = true;
  if (before == nullptr) {
    if (auto loaded = load(*next); !loaded) return std::move(loaded).error();
  } else {
    moved = follow(*next);
    if (!moved) return before;  // the last look serves until the store answers again
  }
  const std::lock_guard lock(mutex_);
  if (*moved) watches_ = std::move(next);
  looked_at_ = looked_at;
  return watches_;
}

void Registry::forget_age() {
  const std::lock_guard lock(mutex_);
  looked_at_ = Instant{};
}

Result<WatchPointer> Registry::read(std::string_view id) const {
  CONCORD_ASSIGN(auto row, parts_.resources->read("Subscription", id));
  if (!row || row->change == store::Change::deleted) return WatchPointer();
  return made(*row);
}

}  // namespace concord::subscriptions
