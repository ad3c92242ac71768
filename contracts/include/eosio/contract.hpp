#pragma once

#include <snapscale/contract.hpp>
