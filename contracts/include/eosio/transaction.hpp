#pragma once

#include <snapscale/transaction.hpp>
