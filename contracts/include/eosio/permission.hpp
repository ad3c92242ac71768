#pragma once

#include <snapscale/account.hpp>
#include <snapscale/transaction.hpp>
