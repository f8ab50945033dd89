// A question to the other side that changes nothing: asked, answered, not kept.
#include "fhir/json/writer.h"
#include "gateway/channels/channel.h"
#include "gateway/exchange/exchange.h"

namespace concord::exchange {

namespace {

Error not_answered(const channels::Receipt& receipt) {
  Error error = make_error(ErrorCode::transient, "the other side does not answer this search");
  error.log_detail = receipt.reason;
  return error;
}

}  // namespace

Result<PeerAnswer> ExchangeService::search(std::string_view resource_type,
                                           const mappers::SearchParameters& parameters,
                                           const SearchContext& context) const {
  if (!context.loopback) {
    return make_error(ErrorCode::login, "callers from other machines are not known here");
  }
  const Route* route = settings_.routes.find(kSearchRoute);
  const auto search =
      route == nullptr ? parts_.searches.end() : parts_.searches.find(route->format);
  channels::Channel* channel = parts_.channels == nullptr || route == nullptr
                                   ? nullptr
                                   : parts_.channels->find(route->channel);
  if (search == parts_.searches.end() || channel == nullptr) {
    return make_error(ErrorCode::not_found, "no destination is configured for searches");
  }
  mappers::Parameters values = route->parameters;
  values.now = parts_.clock();
  CONCORD_ASSIGN(const mappers::Query query,
                 search->second->query(resource_type, parameters, values));
  const channels::Receipt receipt = channel->ask(
      {route->destination, query.target, context.request_id, query.headers}, context.timeout, {});
  if (receipt.carried != channels::Carried::answered || receipt.bytes.empty()) {
    return not_answered(receipt);
  }
  auto found = search->second->found(receipt.bytes, receipt.content_type, parameters, values);
  if (!found) {
    Error error = make_error(ErrorCode::transient, "the answer to this search cannot be read");
    error.log_detail = to_string(found.error());
    return error;
  }
  PeerAnswer answer;
  answer.state = PeerAnswer::State::given;
  answer.status = found->status;
  CONCORD_ASSIGN(answer.body, json::write(*found->resource));
  return answer;
}

}  // namespace concord::exchange
