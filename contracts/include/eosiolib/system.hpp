#pragma once

#include <snapscale/c_api.hpp>
