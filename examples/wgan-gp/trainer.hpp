// The training of one run.
#ifndef TRAINER_HPP
#define TRAINER_HPP

#include "examples.hpp"
#include "yardstick.hpp"

#include <csignal>

// From the checkpoint in FOLDER, where there is one, to the last step; until `stop` is set.
void train(const options &asked, const examples &data, const std::vector<double> &weights, const yardstick &measures,
           const volatile std::sig_atomic_t &stop);

#endif
