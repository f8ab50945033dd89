#pragma once
/// Who knows what an answer means: implemented above the outbox, which only moves bytes.

#include <optional>
#include <string>

#include "gateway/channels/channel.h"
#include "gateway/store/store.h"

namespace concord::outbox {

/// What an answer, or the lack of one, comes to.
struct Judgement {
  enum class Verdict : std::uint8_t {
    settled,    ///< `state` holds: delivered to some degree, or refused by the other side
    no_answer,  ///< nothing in the bytes settles the item: the transport's own result counts
    foreign,    ///< the bytes answer another message: keep them for a person, then as no_answer
  };
  Verdict verdict = Verdict::no_answer;
  store::ItemState state = store::ItemState::pending;  ///< acked_… or nacked when settled
  std::string refers_to;                               ///< message id the answer names, or ""
  std::string reason;                                  ///< public text or codes, or ""
  std::optional<store::TaskChange> task;
  std::optional<store::Expectation> expect;  ///< a further answer that must come
};

/// How a given-up item goes to a person, or, cancelled, to nobody: somebody else knows.
struct Handover {
  store::ItemState state = store::ItemState::dead;  ///< dead or cancelled
  store::DeadLetter letter;                         ///< of a dead one
  std::optional<store::TaskChange> task;
};

/// Safe from any thread.
class Judge {
 public:
  virtual ~Judge() = default;

  /// Whether the item is still to be sent; asked before each attempt. One that is not is cancelled.
  /// Errors: those of the store; the attempt is made later.
  virtual Result<bool> wanted(const store::Item& item, Instant now);

  /// What the receipt of an item means. Asked for every receipt that carries bytes and every one
  /// that is answered, whatever the transport's status. Reads the Task anew at each call.
  /// Errors: those of the store.
  virtual Result<Judgement> judge(const store::Item& item, const channels::Receipt& receipt,
                                  Instant now) = 0;

  /// The item will not be tried again: whose it is now, by when, and what its Task says.
  /// Errors: those of the store.
  virtual Result<Handover> hand_over(const store::Item& item, std::string_view reason_class,
                                     std::string_view reason, Instant now) = 0;

 protected:
  Judge() = default;
  Judge(const Judge&) = delete;
  Judge& operator=(const Judge&) = delete;
};

}  // namespace concord::outbox
