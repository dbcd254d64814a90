// libdivweights for C++17: handles that end by themselves, and errors as exceptions. The rest is the C interface as it
// is: a handle is what its functions take.
//
//     divweights::dataset rows(divw_dataset_load, "embeddings.npy");
//     divweights::kernel kernel(divw_kernel_create, rows, DIVW_KERNEL_COSINE);
//     divweights::check(divw_solver_set_balance(solver, 0.9));
#ifndef DIVWEIGHTS_HPP
#define DIVWEIGHTS_HPP

#include <divweights/divweights.h>

#include <memory>
#include <stdexcept>

namespace divweights {

// A call that failed: what() is the library's sentence.
class error : public std::runtime_error {
public:
  explicit error(divw_status failure) : std::runtime_error(divw_error_message()), status(failure) {}
  const divw_status status;
};

inline void check(divw_status status) {
  if (status != DIVW_OK) {
    throw error(status);
  }
}

// Owns an object of the library: calls create(&object, arguments...), and destroys the object in the end.
template <class Object, void (*destroy)(Object *)> class handle {
public:
  template <class Create, class... Arguments> explicit handle(Create create, const Arguments &...arguments) {
    Object *made = nullptr;
    check(create(&made, arguments...));
    owned.reset(made);
  }
  operator Object *() const { return owned.get(); }

private:
  struct end {
    void operator()(Object *object) const { destroy(object); }
  };
  std::unique_ptr<Object, end> owned;
};

using dataset = handle<divw_dataset, divw_dataset_destroy>;
using kernel = handle<divw_kernel, divw_kernel_destroy>;
using solver = handle<divw_solver, divw_solver_destroy>;
using weights = handle<divw_weights, divw_weights_destroy>;
using sampler = handle<divw_sampler, divw_sampler_destroy>;
using stream = handle<divw_stream, divw_stream_destroy>;
using statistics = handle<divw_statistics, divw_statistics_destroy>;

// divw_solver_solve() with what it makes first, as the others have it:  weights w(solve, solver, kernel).
inline divw_status solve(divw_weights **out, const divw_solver *options, const divw_kernel *similarity) {
  return divw_solver_solve(options, similarity, out);
}

} // namespace divweights

#endif
