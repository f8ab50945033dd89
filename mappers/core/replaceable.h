#pragma once
/// A format whose maps can be replaced while messages run.

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "mappers/core/mapper.h"

namespace concord::mappers {

/// Hands every call to the mapper it holds. A call that has begun ends with the mapper it began
/// with; what it gives back keeps that mapper as long as a trace may point into it. Safe from any
/// thread.
class ReplaceableMapper final : public Mapper {
 public:
  /// `first` must not be null; those after it must be of the same format.
  explicit ReplaceableMapper(std::shared_ptr<const Mapper> first);

  void replace(std::shared_ptr<const Mapper> next);
  std::shared_ptr<const Mapper> current() const;

  std::string_view name() const override { return name_; }
  std::string version() const override { return current()->version(); }
  bool recognises(const tree::Document& bundle) const override;
  Recognised recognise(const tree::Document& resource) const override;
  Result<Encoded> encode(const tree::Document& bundle, const Parameters& parameters,
                         mapping::TraceSink* trace) const override;
  Result<Decoded> decode(std::string_view bytes, std::string_view content_type,
                         const Parameters& parameters, mapping::TraceSink* trace) const override;
  const Signatures* signatures() const override;
  Result<Acknowledgement> read_acknowledgement(std::string_view bytes,
                                               std::string_view content_type) const override;

 private:
  /// The signatures of the mapper there is when they are asked.
  class Current final : public Signatures {
   public:
    explicit Current(const ReplaceableMapper& of) : of_(of) {}
    bool covers(const tree::Document& message) const override;
    Result<Decoded> prepare(const tree::Document& message,
                            const Parameters& parameters) const override;
    Result<std::vector<Issue>> verify_encoded(const Encoded& message,
                                              const Parameters& parameters) const override;
    Result<std::vector<Issue>> verify(const tree::Document& message,
                                      const Parameters& parameters) const override;

   private:
    const ReplaceableMapper& of_;
  };

  const std::string name_;
  const Current signatures_{*this};
  mutable std::mutex guard_;
  std::shared_ptr<const Mapper> current_;
};

}  // namespace concord::mappers
