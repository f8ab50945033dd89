#include "gateway/resources/service.h"

#include "gateway/resources/detail/body.h"
#include "gateway/resources/detail/bundle.h"
#include "gateway/resources/detail/pages.h"
#include "gateway/resources/detail/plan.h"
#include "gateway/resources/detail/present.h"

namespace concord::resources {

using detail::Plan;
using store::Change;
using store::ResourceRow;

struct ResourceService::Impl {
  Impl(Parts parts, Settings settings) : room(std::move(parts), std::move(settings)) {}
  const detail::Room room;
};

ResourceService::ResourceService(Parts parts, Settings settings)
    : impl_(std::make_unique<Impl>(std::move(parts), std::move(settings))) {}
ResourceService::~ResourceService() = default;

Result<Done> ResourceService::read(std::string_view type, std::string_view id) const {
  return detail::read_now(impl_->room, type, id);
}

Result<Done> ResourceService::vread(std::string_view type, std::string_view id,
                                    std::string_view version) const {
  return detail::read_then(impl_->room, type, id, version);
}

Result<Done> ResourceService::create(const Caller& caller, std::string_view type,
                                     tree::Document body, const Conditions& conditions) {
  const std::string id = impl_->room.parts.uuids();
  return detail::carry_out(impl_->room, caller, [&](Plan& plan) {
    return detail::plan_create(plan, type, id, body, conditions);
  });
}

Result<Done> ResourceService::update(const Caller& caller, std::string_view type,
                                     std::string_view id, tree::Document body,
                                     const Conditions& conditions) {
  return detail::carry_out(impl_->room, caller, [&](Plan& plan) {
    return detail::plan_update(plan, type, id, body, conditions);
  });
}

Result<Done> ResourceService::update_where(const Caller& caller, std::string_view type,
                                           std::string_view query, tree::Document body,
                                           const Conditions& conditions) {
  const detail::Room& room = impl_->room;
  const std::string new_id = room.parts.uuids();
  const std::string named(detail::Room::text_of(body.root(), room.names.id));
  return detail::carry_out(room, caller, [&](Plan& plan) -> Result<Done> {
    return detail::plan_update_where(plan, type, query, named, new_id, body, conditions);
  });
}

Result<Done> ResourceService::patch(const Caller& caller, std::string_view type,
                                    std::string_view id, const Patch& patch,
                                    const Conditions& conditions) {
  return detail::carry_out(impl_->room, caller, [&](Plan& plan) {
    return detail::plan_patch(plan, type, id, patch, conditions);
  });
}

Result<Done> ResourceService::patch_where(const Caller& caller, std::string_view type,
                                          std::string_view query, const Patch& patch,
                                          const Conditions& conditions) {
  return detail::carry_out(impl_->room, caller, [&](Plan& plan) {
    return detail::plan_patch_where(plan, type, query, patch, conditions);
  });
}

Result<Done> ResourceService::remove(const Caller& caller, std::string_view type,
                                     std::string_view id, const Conditions& conditions) {
  return detail::carry_out(impl_->room, caller, [&](Plan& plan) {
    return detail::plan_remove(plan, type, id, conditions);
  });
}

Result<std::vector<Done>> ResourceService::remove_where(const Caller& caller, std::string_view type,
                                                        std::string_view query,
                                                        const Conditions& conditions) {
  return detail::carry_out(impl_->room, caller, [&](Plan& plan) {
    return detail::plan_remove_where(plan, type, query, conditions);
  });
}

Result<Done> ResourceService::create_with_provenance(const Caller& caller, std::string_view type,
                                                     tree::Document body, tree::Document provenance,
                                                     const Conditions& conditions) {
  const detail::Room& room = impl_->room;
  const std::string id = room.parts.uuids();
  const std::string provenance_id = room.parts.uuids();
  return detail::carry_out(room, caller, [&](Plan& plan) -> Result<Done> {
    CONCORD_ASSIGN(Done made, detail::plan_create(plan, type, id, body, conditions));
    if (made.what != Done::What::created) return made;
    CONCORD_TRY(detail::set_target(room, provenance, made.row));
    CONCORD_TRY(detail::plan_create(plan, "Provenance", provenance_id, provenance, {}));
    return made;
  });
}

Result<Page> ResourceService::history(const Caller& caller, std::string_view type,
                                      std::string_view id, std::string_view query) const {
  return detail::history_page(impl_->room, caller, type, id, query);
}

Result<Page> ResourceService::search(const Caller& caller, std::string_view type,
                                     std::string_view query, search::Handling handling,
                                     const std::optional<search::Compartment>& compartment) const {
  return detail::search_page(impl_->room, caller, type, query, handling, compartment);
}

Result<Page> ResourceService::everything(const Caller& caller, std::string_view patient,
                                         std::string_view query) const {
  return detail::everything_page(impl_->room, caller, patient, query);
}

Result<std::string> ResourceService::bundle(const Caller& caller, tree::Document bundle,
                                            std::string_view preference) {
  return detail::run_bundle(impl_->room, caller, std::move(bundle), preference);
}

Result<std::string> ResourceService::write(const Page& page, std::string_view base_url) const {
  return detail::write_page(impl_->room, page, base_url);
}

Result<std::string> ResourceService::cut(std::string body, const Cut& cut) const {
  return detail::cut_body(impl_->room, std::move(body), cut);
}

const search::Parameters& ResourceService::parameters() const noexcept {
  return *impl_->room.parts.parameters;
}

const std::vector<std::string>& ResourceService::types() const noexcept {
  return impl_->room.types;
}

bool ResourceService::serves(std::string_view type) const noexcept {
  return impl_->room.serves(type);
}

}  // namespace concord::resources
